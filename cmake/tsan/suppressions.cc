// What ThreadSanitizer is not to report, because it happens in libraries built without it.
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  // The last reference to the bytes of a Cord, or to what a Status says, is given up within Abseil,
  // which counts them with atomics that ThreadSanitizer does not see there.
  return "race:Cord::~Cord\n"
         "race:Status::Unref\n"
         "race:status_internal::Payload\n";
}
