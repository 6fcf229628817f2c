/// The next version of a secret: everything of the current one kept but what a rotation must change (CONTRACT 5).

#pragma once

#include "rotation/policy.h"
#include "rotation/secret_version.h"

#include <string_view>

namespace kssedr::rotation {

/// The draft without its value. Kept: content type and every tag. Changed: the expiry; `nbf` to the moment of
/// publication, where it was set; the tags `CredentialId` and `key`, where they name a slot, whoever wrote them;
/// `AutoRotate` where it is there, added for the original's dialect while fewer than 15 tags stand. A credential that
/// is in no slot (`slot_index` nothing) is named by `CredentialId` in any case.
[[nodiscard]] SecretDraft draft_next(SecretProperties const& current, Terms const& terms, std::string_view slot,
                                     std::optional<std::size_t> slot_index, TimePoint expires, TimePoint now);

/// The slot that a tag `key` means: `0` the first, `1` the second. Anything else is somebody's own tag.
[[nodiscard]] std::optional<std::size_t> parse_slot_index(std::string_view tag);

/// Whether Key Vault would take it: a value of at most 25 KB, 15 tags of 256 characters, a content type of 255, an
/// expiry after now. `invalid_argument` says what it would not take.
[[nodiscard]] Result<void> check_draft(SecretDraft const& draft, std::size_t value_size, TimePoint now);

}  // namespace kssedr::rotation
