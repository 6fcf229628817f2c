#include "emulator/clock.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::emulator {
namespace {

Duration scaled(Duration span, double factor) {
    return Duration{static_cast<Duration::rep>(static_cast<double>(span.count()) * factor)};
}

}  // namespace

EmulatedClock::EmulatedClock(Clock& real, TimePoint start, double speed)
    : real_(real), base_(start), unhurried_base_(start), since_(real.steady_now()), speed_(speed) {}

TimePoint EmulatedClock::now() const {
    return base_ + scaled(real_.steady_now() - since_, speed_);
}

TimePoint EmulatedClock::unhurried_now() const {
    return unhurried_base_ + scaled(real_.steady_now() - since_, std::min(speed_, 1.0));
}

void EmulatedClock::settle() {
    auto const base = now();
    auto const unhurried = unhurried_now();
    since_ = real_.steady_now();
    base_ = base;
    unhurried_base_ = unhurried;
}

void EmulatedClock::advance(Duration span) {
    settle();
    base_ += span;
    unhurried_base_ += span;
}

void EmulatedClock::set(TimePoint date) {
    advance(date - now());
}

void EmulatedClock::set_speed(double speed) {
    settle();
    speed_ = speed;
}

std::string format_ticks(TimePoint at, std::uint64_t salt) {
    auto const second = std::chrono::floor<std::chrono::seconds>(at);
    auto text = format_rfc3339(second);
    text.pop_back();
    return text + fmt::format(".{:03}{:04}Z", (at - second).count(), salt % 10'000);
}

}  // namespace kssedr::emulator
