/// Members of texts that name a login, its password and its server: `Name=value;…`, libpq's keywords, queries of URLs.
/// A part of login_value.h, which says what is taken.

#pragma once

#include "formats/connection_string.h"
#include "formats/writing.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace kssedr::formats {

/// What a member is, by its name.
enum class LoginRole : std::uint8_t { password, login, host, port, foreign, other };

[[nodiscard]] LoginRole login_role_of(std::string_view name);

struct WrittenMember {
    std::string_view name;     ///< trimmed; empty where nothing stands before a `=`
    std::string_view written;  ///< trimmed, quotes included
};

/// The members of `Name=value;…`, those without a `=` with an empty name. Nothing where a quote is not closed.
[[nodiscard]] std::optional<std::vector<WrittenMember>> split_members(std::string_view text, char separator);
/// The members of libpq's `name=value name='value'`; nothing where the text is not of that kind.
[[nodiscard]] std::optional<std::vector<WrittenMember>> split_keywords(std::string_view text);

}  // namespace kssedr::formats
