#include "tests/oracle/random.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"

namespace kvick::oracle {
namespace {

constexpr int kFamilies = 4;
constexpr int kKeysPerFamily = 3;
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();

std::string KeyOf(uint64_t family, uint64_t number) {
  // The last one of each family is no ASCII.
  static constexpr const char* kNames[kFamilies] = {"string", "list", "set", "hash"};
  return number + 1 == kKeysPerFamily ? absl::StrCat(kNames[family], ":\u043a\u043b\u044e\u0447")
                                      : absl::StrCat(kNames[family], ":", number);
}

v1::Value Text(std::string text) {
  v1::Value value;
  value.set_text(std::move(text));
  return value;
}

v1::Value Bytes(std::string bytes) {
  v1::Value value;
  value.set_data(std::move(bytes));
  return value;
}

v1::Value Integer(int64_t integer) {
  v1::Value value;
  value.set_integer(integer);
  return value;
}

v1::Value Number(double number) {
  v1::Value value;
  value.set_number(number);
  return value;
}

}  // namespace

const std::vector<std::string>& AllKeys() {
  static const auto* const keys = [] {
    auto* all = new std::vector<std::string>();
    for (int family = 0; family < kFamilies; ++family) {
      for (int number = 0; number < kKeysPerFamily; ++number) {
        all->push_back(KeyOf(family, number));
      }
    }
    return all;
  }();
  return *keys;
}

std::string Random::Key(Family family) {
  return OneIn(12) ? AnyKey() : KeyOf(static_cast<uint64_t>(family), Below(kKeysPerFamily));
}

std::vector<std::string> Random::Keys(Family family, int most) {
  std::vector<std::string> keys;
  for (uint64_t count = 1 + Below(most); count > 0; --count) keys.push_back(Key(family));
  return keys;
}

std::string Random::AnyKey() { return AllKeys()[Below(AllKeys().size())]; }

int Random::ElementCount() { return static_cast<int>(OneIn(12) ? 60 + Below(140) : 1 + Below(4)); }

std::string Random::LongText(uint64_t at_least, uint64_t spread) {
  const auto letter = static_cast<char>('a' + Below(4));
  return std::string(at_least + Below(spread), letter);
}

v1::Value Random::StringValue() {
  switch (Below(8)) {
    case 0:
      return Integer(Pick({kLeast, kGreatest, kGreatest - 1, int64_t{0}, int64_t{-1}}));
    case 1:
      return Integer(static_cast<int64_t>(Below(2000)) - 1000);
    case 2:
      return Number(Pick({0.5, -1.25, 0.1, 1e21, 1e300, -0.0, 3.0, 5e-324, 1.0 / 3}));
    case 3:
    case 4:
      return Text(Pick({"",
                        "0",
                        "-0",
                        "+5",
                        " 5",
                        "5 ",
                        "007",
                        "1e3",
                        "1.5",
                        ".5",
                        "5.",
                        "-.5e-1",
                        "inf",
                        "-inf",
                        "nan",
                        "--1",
                        "+-1",
                        "-",
                        "+",
                        "e5",
                        "9223372036854775807",
                        "9223372036854775808",
                        "-9223372036854775808"}));
    case 5:
      return Bytes(Pick({"\xff\xfe", "\xc3", "12", "a\x01z", "\xe2\x82"}));
    case 6:
      return Text(LongText(0, 200));
    default:
      return Text(Pick({"hello", "h\u00e9llo", "\u65e5\u672c\u8a9e", "x"}));
  }
}

v1::Value Random::ListValue() {
  switch (Below(16)) {
    case 0:
      return Text(LongText(100, 3000));
    case 1:
      return StringValue();
    case 2:
    case 3:
      return Integer(static_cast<int64_t>(Below(6)));
    default:
      return Text(absl::StrCat("v", Below(6)));
  }
}

v1::Value Random::Member() {
  switch (Below(16)) {
    case 0:
      return OneIn(4) ? Text(LongText(60, 10)) : StringValue();
    case 1:
    case 2:
    case 3:
    case 4:
      return Integer(static_cast<int64_t>(Below(400)) - 100);
    default:
      return Text(absl::StrCat("m", Below(12)));
  }
}

std::string Random::Field() {
  switch (Below(16)) {
    case 0:
      return OneIn(4) ? LongText(60, 10) : "\u043f\u043e\u043b\u0435";
    case 1:
    case 2:
    case 3:
    case 4:
      return absl::StrCat("field:", Below(400));
    default:
      return absl::StrCat("f", Below(12));
  }
}

std::string Random::Glob() {
  return Pick({"*", "?", "*1*", "m?", "f[0-5]", "f[^0-5]", "[lsh]*", "set:*", "*:0",
               "field:*[13579]", "m[1", "\\m1", "nothing", "*\u043a*", "**e?d*", "[a-", "m[5-1]",
               "f[]1]"});
}

int64_t Random::Index() {
  switch (Below(8)) {
    case 0:
      return Pick({kLeast, kLeast + 1, kGreatest, kGreatest - 1});
    case 1:
      return static_cast<int64_t>(Below(500)) - 250;
    default:
      return static_cast<int64_t>(Below(12)) - 6;
  }
}

int64_t Random::Count() {
  switch (Below(8)) {
    case 0:
      return Pick({int64_t{0}, int64_t{1000}, int64_t{1} << 40, kGreatest});
    case 1:
      return static_cast<int64_t>(Below(150));
    default:
      return static_cast<int64_t>(Below(4));
  }
}

int64_t Random::Delta() {
  return OneIn(6) ? Pick({kLeast, kLeast + 1, kGreatest, kGreatest - 1})
                  : static_cast<int64_t>(Below(200)) - 100;
}

double Random::NumberDelta() {
  return Pick(
      {0.1, 0.2, -0.1, 0.5, -1.25, 3.0, 0.0, 1e10, 1e-5, 1e17, -1e300, 1e300, 1.0 / 3, 123456.789});
}

int64_t Random::ExpireTimeMs() {
  constexpr int64_t kYear2100 = 4'102'444'800'000;
  return OneIn(6) ? static_cast<int64_t>(1 + Below(1'000'000))
                  : kYear2100 + static_cast<int64_t>(Below(6)) * 777;
}

}  // namespace kvick::oracle
