#include "async/trace.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr {
namespace {

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return is_ascii_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_all_zero(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

// 00-{trace, 32 digits}-{parent, 16 digits}-{flags, 2 digits}
bool is_trace_parent(std::string_view text) {
    if (text.size() != 55 || !text.starts_with("00-") || text[35] != '-' || text[52] != '-') return false;
    auto const trace = text.substr(3, 32);
    auto const parent = text.substr(36, 16);
    return is_hex(trace) && is_hex(parent) && is_hex(text.substr(53)) && !is_all_zero(trace) && !is_all_zero(parent);
}

std::string_view trace_parent_here(asio::any_io_executor const& executor) {
    auto const* const traced = executor.target<TracedExecutor>();
    return traced == nullptr ? std::string_view() : std::string_view(traced->trace_parent());
}

}  // namespace kssedr
