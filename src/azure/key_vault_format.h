/// What Key Vault's secrets look like on the wire: pure.

#pragma once

#include "base/error.h"
#include "base/secret_string.h"
#include "rotation/secret_ref.h"
#include "rotation/secret_version.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::azure {

/// Which secrets an answer may speak of.
struct Expected {
    rotation::VaultHost vault;
    std::string_view vault_suffix;
    std::string_view name;  ///< empty: any
};

/// A SecretBundle, with its value. `corrupt` where it is none, or speaks of another secret.
[[nodiscard]] Result<rotation::SecretVersion> parse_secret(std::string_view body, Expected const& expected);
/// The same without the value, which some answers leave out.
[[nodiscard]] Result<rotation::SecretProperties> parse_secret_properties(std::string_view body,
                                                                         Expected const& expected);

struct SecretPage {
    std::vector<rotation::SecretProperties> items;
    std::string next;  ///< as the vault wrote it; empty on the last page
};

/// One page of a listing. One item that cannot be read spoils the page: a secret that is overlooked may hold what is
/// about to be regenerated.
[[nodiscard]] Result<SecretPage> parse_secret_page(std::string_view body, Expected const& expected);

/// The body that publishes a version. Times are cut to whole seconds.
[[nodiscard]] SecretString format_draft(rotation::SecretDraft const& draft);

/// What is changed of a version that stands; what is nothing here stays as it is.
struct SecretChange {
    std::optional<bool> enabled;
    std::optional<TimePoint> not_before;
    std::optional<TimePoint> expires;
    std::optional<std::string> content_type;
    std::optional<rotation::Tags> tags;  ///< all of them: a tag that is not here is removed
};

/// The body that changes a version. Times are cut to whole seconds.
[[nodiscard]] SecretString format_change(SecretChange const& change);

}  // namespace kssedr::azure
