/// `kssedr providers` and `kssedr providers role-definition`: what kssedr can rotate, and the rights it needs for that.

#pragma once

#include "rotation/catalogue.h"
#include "rotation/policy.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::cli {

/// A table of all entries for people, or one JSON object an entry.
[[nodiscard]] std::string format_providers(rotation::Catalogue const& catalogue, bool json);

/// Everything about one entry.
[[nodiscard]] std::string format_provider(rotation::CatalogueEntry const& entry, bool json);

/// A custom role, and what it can not say.
struct RoleDefinition {
    std::string json;                 ///< as `az role definition create` takes it
    std::vector<std::string> advice;  ///< sentences for a person
};

/// The role with the permissions of the entries of slots that `ids` name; where they name none, of those that the
/// policy uses: types that allowed targets name, and in scopes that name no type those of rules' targets, or all where
/// no rule has one. `invalid_argument` for an id that is no entry of slots.
[[nodiscard]] Result<RoleDefinition> define_role(rotation::Catalogue const& catalogue, rotation::Policy const& policy,
                                                 std::span<std::string const> ids);

/// The entry of that id; `invalid_argument` with the nearest id where there is none.
[[nodiscard]] Result<rotation::CatalogueEntry const*> find_provider(rotation::Catalogue const& catalogue,
                                                                    std::string_view id);

}  // namespace kssedr::cli
