/// Chance: what a seed decides, the same on every machine.
///
/// Every part of a world draws from a stream of its own, so that one more draw in one part changes nothing in another.

#pragma once

#include "base/random.h"
#include "base/time.h"

#include <bit>
#include <cstring>

namespace kssedr::simulation {

/// xoshiro256** (Blackman and Vigna, public domain), seeded by splitmix64: a world draws tens of millions of times, so
/// a draw must cost a nanosecond.
class Chance final : public Random {
public:
    explicit Chance(std::uint64_t seed) {
        for (auto& word : state_) {
            seed += 0x9e3779b97f4a7c15U;
            word = mix(seed);
        }
    }
    /// The stream called `number` of the same seed.
    [[nodiscard]] static Chance stream(std::uint64_t seed, std::uint64_t number) {
        return Chance(mix(seed) ^ mix(number + 0x2545f4914f6cdd1dU));
    }

    std::uint64_t next() {
        std::uint64_t const result = std::rotl(state_[1] * 5, 7) * 9;
        std::uint64_t const shifted = state_[1] << 17U;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    void fill(std::span<char> bytes) override {
        while (!bytes.empty()) {
            std::uint64_t const word = next();
            auto const count = bytes.size() < sizeof word ? bytes.size() : sizeof word;
            std::memcpy(bytes.data(), &word, count);
            bytes = bytes.subspan(count);
        }
    }

    [[nodiscard]] bool happens(double probability) {
        return probability > 0 && static_cast<double>(next() >> 11U) * 0x1p-53 < probability;
    }
    /// Uniform in [0, bound); bound > 0. The bias of a multiplication is nothing at the bounds used here.
    [[nodiscard]] std::size_t pick(std::size_t bound) {
        return static_cast<std::size_t>((static_cast<unsigned __int128>(next()) * bound) >> 64U);
    }
    /// Uniform from `low` to `high`, both included.
    [[nodiscard]] Duration between(Duration low, Duration high) {
        if (high <= low) return low;
        return low + Duration{static_cast<Duration::rep>(pick(static_cast<std::size_t>((high - low).count()) + 1))};
    }

private:
    static std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

    std::uint64_t state_[4] = {};
};

}  // namespace kssedr::simulation
