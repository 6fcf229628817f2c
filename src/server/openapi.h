/// The documents that describe kssedr's public operations, on the original's routes.

#pragma once

#include "server/routes.h"

#include <span>
#include <string>
#include <string_view>

namespace kssedr::server {

/// Where the documents' links lead.
struct Location {
    std::string_view version;
    std::string_view host;       ///< as the caller named it; what is no host name is left out
    std::string_view base_path;  ///< what stands before the routes' paths: `/api`
};

/// Swagger 2.0.
[[nodiscard]] std::string format_swagger(Location const& location, std::span<Route const> routes);
/// OpenAPI 3.0.1.
[[nodiscard]] std::string format_openapi(Location const& location, std::span<Route const> routes);
/// A page that shows the first; self-contained, loads nothing from elsewhere (web/swagger.html).
[[nodiscard]] std::string_view swagger_page();
/// The schemas that routes name, as JSON (web/schemas.json); `#/schemas/` stands for where each format has them.
[[nodiscard]] std::string_view schemas_text();

}  // namespace kssedr::server
