/// Connection strings (`Name=value;…`) and bare credentials, held against the shape of their owner's.
///
/// A part of value_form.h, which says what is taken; these functions see a value's bytes and keep none.

#pragma once

#include "base/error.h"
#include "rotation/credential_shape.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace kssedr::formats {

/// A place in a text.
struct TextSpan {
    std::size_t offset = 0;
    std::size_t length = 0;
};

/// The credential of a text that is one, but for blanks around it.
[[nodiscard]] std::optional<TextSpan> find_bare_credential(std::string_view text,
                                                           rotation::CredentialShape const& shape);

/// Whether a member of that name may hold the credential.
[[nodiscard]] bool may_hold_key(std::string_view name, rotation::CredentialShape const& shape);

/// Whether a member of the text is named as the owner's or the credential's: then it has to be understood.
[[nodiscard]] bool is_connection_string(std::string_view text, rotation::CredentialShape const& shape);

/// The credential in a connection string of this owner's.
[[nodiscard]] Result<TextSpan> parse_connection_string(std::string_view text, rotation::CredentialShape const& shape);

/// Holds a member that stands beside a credential against the shape, in a connection string or a JSON document: whether
/// it names another owner, host or suffix, or is foreign. Names are compared by their letters and digits alone. A name
/// that the shape does not know passes with any value that names no foreign host.
[[nodiscard]] Result<void> check_member(std::string_view name, std::string_view value,
                                        rotation::CredentialShape const& shape);

/// Whether a member's name itself names a foreign host.
[[nodiscard]] Result<void> check_name(std::string_view name, rotation::CredentialShape const& shape);

/// check_member for every member of a text that may be a connection string of another kind; any other text passes.
[[nodiscard]] Result<void> check_members(std::string_view text, rotation::CredentialShape const& shape);

/// A value that kssedr does not rewrite, and why; `why` holds no part of it.
[[nodiscard]] Failure value_not_understood(std::string why);

}  // namespace kssedr::formats
