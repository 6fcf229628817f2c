#include "azure/shared_key.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace kssedr::azure {
namespace {

// In the order in which their values are signed; the length and the date stand between them.
constexpr std::array<std::string_view, 5> after_date = {"If-Modified-Since", "If-Match", "If-None-Match",
                                                        "If-Unmodified-Since", "Range"};

std::string_view header(http::Request const& request, std::string_view name) {
    for (auto const& [key, value] : request.headers)
        if (equals_ignore_case(key, name)) return trim(value);
    return {};
}

std::optional<int> hex_digit(char c) {
    if (is_ascii_digit(c)) return c - '0';
    char const lower = to_ascii_lower(c);
    if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
    return std::nullopt;
}

// A `+` stays one, as the service reads it.
std::string without_percent(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
        auto const low = high ? hex_digit(text[i + 2]) : std::nullopt;
        plain += low ? static_cast<char>(*high * 16 + *low) : text[i];
        if (low) i += 2;
    }
    return plain;
}

std::string canonical_headers(http::Request const& request) {
    std::map<std::string, std::string_view> sorted;
    for (auto const& [name, value] : request.headers)
        if (auto lower = to_ascii_lower(name); lower.starts_with("x-ms-")) sorted[std::move(lower)] = trim(value);
    std::string text;
    for (auto const& [name, value] : sorted) text.append(name).append(":").append(value).append("\n");
    return text;
}

std::string canonical_resource(std::string_view url, std::string_view account) {
    auto rest = url.substr(std::min(url.find("://"), url.size()));
    rest.remove_prefix(std::min<std::size_t>(3, rest.size()));
    rest.remove_prefix(std::min(rest.find_first_of("/?#"), rest.size()));
    rest = rest.substr(0, rest.find('#'));
    auto const question = std::min(rest.find('?'), rest.size());
    auto const path = rest.substr(0, question);
    auto const query = rest.substr(std::min(question + 1, rest.size()));

    std::map<std::string, std::vector<std::string>> sorted;
    for (auto const part : split(query, '&')) {
        if (part.empty()) continue;
        auto const equals = std::min(part.find('='), part.size());
        auto const value = part.substr(std::min(equals + 1, part.size()));
        sorted[to_ascii_lower(without_percent(part.substr(0, equals)))].push_back(without_percent(value));
    }
    std::string text = '/' + std::string(account) + (path.empty() ? "/" : std::string(path));
    for (auto& [name, values] : sorted) {
        std::ranges::sort(values);
        text += '\n' + name + ':';
        for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ",") + values[i];
    }
    return text;
}

}  // namespace

std::string format_string_to_sign(http::Request const& request, std::string_view account) {
    std::string text(to_string(request.method));
    text += '\n';
    text.append(header(request, "Content-Encoding")) += '\n';
    text.append(header(request, "Content-Language")) += '\n';
    if (!request.body.empty()) text += std::to_string(request.body.size());
    text += '\n';
    text.append(header(request, "Content-MD5")) += '\n';
    text.append(header(request, "Content-Type")) += '\n';
    text += '\n';  // the date, which is said in x-ms-date
    for (auto const name : after_date) text.append(header(request, name)) += '\n';
    return text + canonical_headers(request) + canonical_resource(request.url, account);
}

Result<void> sign_with_shared_key(http::Request& request, std::string_view account, SecretString const& key) {
    auto decoded = key.clone();
    auto const bytes = parse_base64_in_place(decoded.expose_mutable());
    if (!bytes || bytes->empty()) return fail(Errc::invalid_argument, "the account key is not base64");
    auto const signature = format_base64(hmac_sha256(*bytes, format_string_to_sign(request, account)));
    request.authorization = SecretString::copy_of("SharedKey ");
    request.authorization.append(account);
    request.authorization.append(":");
    request.authorization.append(signature);
    return {};
}

}  // namespace kssedr::azure
