/// SeededRandom: the same chances for the same seed, on every machine.

#pragma once

#include "base/random.h"

#include <random>

namespace kssedr::test {

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<char> bytes) override {
        for (char& byte : bytes) byte = static_cast<char>(engine_() & 0xffU);
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace kssedr::test
