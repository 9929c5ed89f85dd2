// Moved: see server/commands/frame_source.h.
#include "server/commands/frame_source.h"
