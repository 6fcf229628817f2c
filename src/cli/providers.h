/// `kssedr providers` and `kssedr providers role-definition`: what kssedr can rotate, and the rights it needs for that.

#pragma once

#include "rotation/catalogue.h"
#include "rotation/scope.h"

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::cli {

/// A table of all entries for people, or one JSON object an entry.
[[nodiscard]] std::string format_providers(rotation::Catalogue const& catalogue, bool json);

/// Everything about one entry.
[[nodiscard]] std::string format_provider(rotation::CatalogueEntry const& entry, bool json);

/// A custom role (JSON, as `az role definition create` takes it) with the permissions of those entries of slots that
/// the allowed targets can reach; of all where nothing is configured.
[[nodiscard]] std::string format_role_definition(rotation::Catalogue const& catalogue,
                                                 std::optional<rotation::AllowedTargets> const& allowed);

/// What a role can not give: the permission of Microsoft Graph that the allowed applications need, for a person. Empty
/// where they need none.
[[nodiscard]] std::string advise_on_graph(std::optional<rotation::AllowedTargets> const& allowed);

/// The entry of that id; `invalid_argument` with the nearest id where there is none.
[[nodiscard]] Result<rotation::CatalogueEntry const*> find_provider(rotation::Catalogue const& catalogue,
                                                                    std::string_view id);

}  // namespace kssedr::cli
