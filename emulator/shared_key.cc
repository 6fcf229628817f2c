#include "emulator/shared_key.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"

#include <algorithm>
#include <map>

namespace kssedr::emulator {
namespace {

std::string canonical_headers(listen::Request const& request) {
    std::map<std::string, std::string> sorted;
    for (auto const& [name, value] : request.headers.all()) {
        auto lower = to_ascii_lower(name);
        if (!lower.starts_with("x-ms-")) continue;
        auto const [at, is_new] = sorted.emplace(std::move(lower), std::string(trim(value)));
        if (!is_new) at->second += "," + std::string(trim(value));
    }
    std::string text;
    for (auto const& [name, value] : sorted) text += name + ":" + value + "\n";
    return text;
}

std::string canonical_resource(listen::Request const& request, std::string_view account) {
    std::string text = "/" + std::string(account) + std::string(request.path());
    std::map<std::string, std::vector<std::string>> sorted;
    // `+` is a plus here: the service signs what percent-decoding alone gives.
    Query const query(request.query(), PlusSign::stays);
    for (auto const& [name, value] : query.all()) sorted[to_ascii_lower(name)].push_back(value);
    for (auto& [name, values] : sorted) {
        std::ranges::sort(values);
        text += "\n" + name + ":";
        for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ",") + values[i];
    }
    return text;
}

}  // namespace

std::optional<SharedKeyHeader> parse_shared_key_header(std::string_view header) {
    constexpr std::string_view scheme = "SharedKey ";
    if (header.size() <= scheme.size() || !equals_ignore_case(header.substr(0, scheme.size()), scheme))
        return std::nullopt;
    header.remove_prefix(scheme.size());
    auto const colon = header.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == header.size()) return std::nullopt;
    return SharedKeyHeader{std::string(header.substr(0, colon)), std::string(header.substr(colon + 1))};
}

std::string make_string_to_sign(listen::Request const& request, std::string_view account) {
    auto const value = [&](std::string_view name) { return std::string(request.headers.find(name).value_or("")); };
    auto length = value("Content-Length");
    if (length == "0") length.clear();
    auto const date = request.headers.find("x-ms-date") ? std::string() : value("Date");
    std::string text = request.method + "\n";
    text += value("Content-Encoding") + "\n" + value("Content-Language") + "\n" + length + "\n";
    text += value("Content-MD5") + "\n" + value("Content-Type") + "\n" + date + "\n";
    text += value("If-Modified-Since") + "\n" + value("If-Match") + "\n" + value("If-None-Match") + "\n";
    text += value("If-Unmodified-Since") + "\n" + value("Range") + "\n";
    return text + canonical_headers(request) + canonical_resource(request, account);
}

std::optional<std::string> sign_with_account_key(std::string_view key, std::string_view string_to_sign) {
    auto const bytes = parse_base64(key);
    if (!bytes) return std::nullopt;
    return format_base64(hmac_sha256(*bytes, string_to_sign));
}

}  // namespace kssedr::emulator
