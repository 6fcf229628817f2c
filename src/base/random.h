/// Random: the only source of chance in the program, handed in by main so that a simulated world can
/// choose it by a seed.

#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace kssedr {

class Random {
public:
    virtual ~Random() = default;

    virtual void fill(std::span<char> bytes) = 0;

    /// Uniform in [0, bound); bound > 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound);
    /// A version 4 UUID in lower case (RFC 9562).
    [[nodiscard]] std::string uuid();
};

/// OpenSSL's generator. Any thread.
class SystemRandom final : public Random {
public:
    void fill(std::span<char> bytes) override;
};

}  // namespace kssedr
