/// A URL taken apart where it lies. A part of value_form.h.

#pragma once

#include <optional>
#include <string_view>

namespace kssedr::formats {

struct UrlParts {
    std::string_view scheme;
    std::string_view userinfo;  ///< empty where no `@` stands before the host
    std::string_view host;      ///< with its port
    std::string_view query;
    std::string_view rest;  ///< path, query and fragment
};

/// Nothing where the text does not begin with a scheme of letters and `://`.
[[nodiscard]] std::optional<UrlParts> take_url_apart(std::string_view url);

}  // namespace kssedr::formats
