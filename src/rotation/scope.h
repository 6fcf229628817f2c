/// Scopes: what configuration permits to be rotated, for which vault (CONTRACT 5).
///
/// A secret may ask; only policy permits. An entry is `SCOPE` or `VAULT=SCOPE`; a scope is an ARM id (compared by whole
/// segments), `/` (every ARM id), `entra:{applicationObjectId}`,
/// `postgresql|mysql|sqlserver|redis://host[:port]/{login}` or `hook:{name}`.

#pragma once

#include "rotation/owner_id.h"
#include "rotation/secret_ref.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::rotation {

struct AllowedTarget {
    std::optional<VaultHost> vault;  ///< nothing: for every vault that is served
    std::optional<ArmId> arm;        ///< what lies in it
    std::optional<OwnerId> owner;    ///< this one, which is no resource of Azure
    bool is_every_arm = false;
    std::string text;  ///< the whole entry as written, for people

    /// `invalid_argument` says what is wrong with the entry. A vault may be named by name or by host.
    [[nodiscard]] static Result<AllowedTarget> parse(std::string_view entry, std::string_view vault_suffix);
};

/// The list. Once one entry names a vault, a vault without an entry of its own has none.
class AllowedTargets {
public:
    explicit AllowedTargets(std::vector<AllowedTarget> entries) : entries_(std::move(entries)) {}

    /// The entry that permits it; null where none does.
    [[nodiscard]] AllowedTarget const* find(VaultHost const& vault, OwnerId const& owner) const;
    [[nodiscard]] std::span<AllowedTarget const> entries() const { return entries_; }

private:
    std::vector<AllowedTarget> entries_;
};

}  // namespace kssedr::rotation
