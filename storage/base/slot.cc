#include "storage/base/slot.h"

#include <array>
#include <cstddef>

namespace kvick::storage {
namespace {

// Tables for eight bytes at a time: table[k][b] is the CRC of byte b followed by k zero bytes.
using CrcTables = std::array<std::array<uint16_t, 256>, 8>;

constexpr CrcTables MakeTables() {
  constexpr uint16_t kPolynomial = 0x1021;
  CrcTables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    auto crc = static_cast<uint16_t>(byte << 8);
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<uint16_t>((crc & 0x8000) != 0 ? (crc << 1) ^ kPolynomial : crc << 1);
    }
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint16_t crc = tables[k - 1][byte];
      tables[k][byte] = static_cast<uint16_t>((crc << 8) ^ tables[0][crc >> 8]);
    }
  }
  return tables;
}

constexpr CrcTables kTables = MakeTables();

uint16_t Crc16(std::string_view bytes) {
  uint16_t crc = 0;
  while (bytes.size() >= 8) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
    crc = static_cast<uint16_t>(kTables[7][byte(0) ^ (crc >> 8)] ^
                                kTables[6][byte(1) ^ (crc & 0xFF)] ^ kTables[5][byte(2)] ^
                                kTables[4][byte(3)] ^ kTables[3][byte(4)] ^ kTables[2][byte(5)] ^
                                kTables[1][byte(6)] ^ kTables[0][byte(7)]);
    bytes.remove_prefix(8);
  }
  for (const char character : bytes) {
    crc = static_cast<uint16_t>((crc << 8) ^
                                kTables[0][(crc >> 8) ^ static_cast<uint8_t>(character)]);
  }
  return crc;
}

}  // namespace

uint32_t SlotOf(std::string_view key) {
  const size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return Crc16(key) % kSlots;
}

}  // namespace kvick::storage
