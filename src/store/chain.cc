#include "store/chain.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"

namespace kssedr::store {
namespace {

constexpr std::size_t name_max = 1024;

void append_netstring(std::string& out, std::string_view bytes) {
    out += std::to_string(bytes.size());
    out += ':';
    out += bytes;
    out += ',';
}

}  // namespace

std::string hash_line(std::string_view previous, std::uint64_t number, ports::HistoryLine const& line) {
    std::string whole;
    whole.reserve(line.text.size() + 256);
    append_netstring(whole, previous);
    append_netstring(whole, std::to_string(number));
    append_netstring(whole, std::to_string(line.at.time_since_epoch().count()));
    for (auto const* const text : {&line.outcome, &line.code, &line.vault, &line.secret, &line.text})
        append_netstring(whole, *text);
    return format_hex(sha256(whole));
}

std::string fit_name(std::string_view name) {
    return escape_for_display(name, name_max);
}

ports::HistoryLine fit_line(ports::HistoryLine line) {
    for (auto* const name : {&line.outcome, &line.code, &line.vault, &line.secret}) *name = fit_name(*name);
    line.text = escape_for_display(line.text, line_text_max);
    return line;
}

}  // namespace kssedr::store
