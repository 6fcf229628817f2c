#include "formats/url_parts.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::formats {

std::optional<UrlParts> take_url_apart(std::string_view url) {
    auto const scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos || scheme_end == 0) return std::nullopt;
    UrlParts parts;
    parts.scheme = url.substr(0, scheme_end);
    if (!std::ranges::all_of(parts.scheme, is_ascii_letter)) return std::nullopt;
    auto const after = url.substr(scheme_end + 3);
    auto const authority = after.substr(0, after.find_first_of("/?#"));
    parts.rest = after.substr(authority.size());
    auto const at = authority.rfind('@');
    if (at != std::string_view::npos) parts.userinfo = authority.substr(0, at);
    parts.host = at == std::string_view::npos ? authority : authority.substr(at + 1);
    if (auto const mark = parts.rest.find('?'); mark != std::string_view::npos)
        parts.query = parts.rest.substr(mark + 1);
    return parts;
}

}  // namespace kssedr::formats
