#include "formats/credential_url.h"

#include "base/ascii.h"
#include "formats/key_form.h"
#include "formats/named_hosts.h"
#include "formats/percent_text.h"
#include "formats/url_parts.h"

namespace kssedr::formats {
namespace {

using rotation::CredentialShape;
using rotation::UrlForm;

bool is_same_decoded(std::string_view written, std::string_view wanted) {
    auto const decoded = decode_percent(written);
    return decoded && equals_ignore_case(decoded->expose(), wanted);
}

// The password, where the form has one; the user must be the form's.
std::optional<std::string_view> find_password(UrlParts const& parts, UrlForm const& form) {
    auto const colon = parts.userinfo.find(':');
    if (colon == std::string_view::npos || !is_same_decoded(parts.userinfo.substr(0, colon), form.user))
        return std::nullopt;
    return parts.userinfo.substr(colon + 1);
}

struct QueryMember {
    std::optional<std::string_view> value;
    int count = 0;
};

QueryMember find_in_query(std::string_view query, std::string_view name) {
    QueryMember found;
    query = query.substr(0, query.find('#'));
    for (auto const member : split(query, '&')) {
        auto const equals = member.find('=');
        if (equals == std::string_view::npos || !is_same_decoded(member.substr(0, equals), name)) continue;
        found.value = member.substr(equals + 1);
        ++found.count;
    }
    return found;
}

Failure foreign(CredentialShape const& shape) {
    return value_not_understood("a URL in it or a host is none of " + shape.owner_name + "'s");
}

// What stands where the form has the key; nothing where the URL is not of the form.
Result<std::optional<std::string_view>> find_written(UrlParts const& parts, UrlForm const& form) {
    if (!equals_ignore_case(parts.scheme, form.scheme)) return std::nullopt;
    if (form.query_member.empty()) return find_password(parts, form);
    auto const found = find_in_query(parts.query, form.query_member);
    if (found.count > 1) return value_not_understood("it has more than one " + form.query_member);
    if (found.value && !parts.userinfo.empty()) return value_not_understood("the URL names a user");
    return found.value;
}

}  // namespace

Result<std::optional<TextSpan>> find_credential_url(std::string_view text, CredentialShape const& shape) {
    if (shape.urls.empty()) return std::nullopt;
    auto const parts = take_url_apart(trim(text));
    if (!parts) return std::nullopt;
    for (auto const& form : shape.urls) {
        KSSEDR_TRY(auto const written, find_written(*parts, form));
        if (!written) continue;
        if (!is_owner_authority(parts->host, parts->scheme, shape) || parts->rest.contains('#') ||
            names_foreign_host(parts->rest, shape))
            return foreign(shape);
        auto const decoded = decode_percent(*written);
        if (!decoded || !has_key_form(decoded->expose(), shape.keys))
            return value_not_understood("what its URL carries has not the form of a credential of " + shape.owner_name);
        return TextSpan{static_cast<std::size_t>(written->data() - text.data()), written->size()};
    }
    return std::nullopt;
}

}  // namespace kssedr::formats
