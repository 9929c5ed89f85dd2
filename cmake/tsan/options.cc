// How ThreadSanitizer is to work. Linked into every program of the preset `tsan`.
extern "C" const char* __tsan_default_options();

extern "C" const char* __tsan_default_options() {
  // Its detector of deadlocks ends the process when a thread holds more than 64 locks; a Flush
  // holds those of all shards. The order of locks is written down in server/README.md.
  return "detect_deadlocks=0";
}
