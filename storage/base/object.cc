#include "storage/base/object.h"

namespace kvick::storage {

const char* ObjectTypeName(ObjectType type) {
  switch (type) {
    case ObjectType::kString:
      return "string";
    case ObjectType::kList:
      return "list";
    case ObjectType::kSet:
      return "set";
    case ObjectType::kHash:
      return "hash";
    case ObjectType::kSortedSet:
      return "sorted set";
    case ObjectType::kStream:
      return "stream";
  }
  return "unknown type";
}

}  // namespace kvick::storage
