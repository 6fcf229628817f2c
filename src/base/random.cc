#include "base/random.h"

#include "base/check.h"
#include "base/encoding.h"

#include <openssl/rand.h>

#include <array>
#include <cstring>

namespace kssedr {

std::uint64_t Random::below(std::uint64_t bound) {
    KSSEDR_CHECK(bound > 0, "a random number below nothing");
    // Values under the threshold would make the small remainders likelier.
    std::uint64_t const threshold = (0 - bound) % bound;
    for (;;) {
        std::array<char, 8> bytes{};
        fill(bytes);
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data(), sizeof value);
        if (value >= threshold) return value % bound;
    }
}

std::string Random::uuid() {
    std::array<char, 16> bytes{};
    fill(bytes);
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x40U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
    auto text = format_hex({bytes.data(), bytes.size()});
    for (std::size_t const at : {8UZ, 13UZ, 18UZ, 23UZ}) text.insert(at, 1, '-');
    return text;
}

void SystemRandom::fill(std::span<char> bytes) {
    int const done = RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    KSSEDR_CHECK(done == 1, "the system has no randomness to give");
}

}  // namespace kssedr
