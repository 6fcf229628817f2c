/// Trace: what happens in a world, a line each; nothing is composed unless somebody asked for it.

#pragma once

#include "timeline.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>

namespace kssedr::simulation {

class Trace {
public:
    using Sink = std::function<void(std::string const& line)>;

    explicit Trace(Timeline const& timeline, Sink sink = nullptr) : timeline_(timeline), sink_(std::move(sink)) {}

    [[nodiscard]] bool is_on() const { return sink_ != nullptr; }

    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        if (!sink_) return;
        auto const at = timeline_.now().since_start.count();
        constexpr long long day = 86'400'000;
        sink_(fmt::format("{:5}d {:8.3f}s  ", at / day, static_cast<double>(at % day) / 1000) +
              fmt::format(format, std::forward<Args>(args)...));
    }

private:
    Timeline const& timeline_;
    Sink sink_;
};

/// The first letters of a key: enough to tell it from others.
[[nodiscard]] inline std::string_view short_name(std::string_view key) {
    return key.substr(0, 6);
}

}  // namespace kssedr::simulation
