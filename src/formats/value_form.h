/// ValueForm: the form of a secret's value, and where in it the credential stands.
///
/// A value is a bare credential, a connection string, a URL that carries the credential percent-encoded, or a JSON
/// document that holds exactly one of these. The
/// credential is replaced in the original bytes: everything outside it, members, order, case, blanks, escapes, stays to
/// the byte (CONTRACT 5). Nothing here copies a value anywhere but into a SecretString.

#pragma once

#include "base/error.h"
#include "base/secret_string.h"
#include "formats/writing.h"
#include "rotation/credential_shape.h"

#include <cstdint>

namespace kssedr::formats {

enum class ValueKind : std::uint8_t { raw, connection_string, url, json };

struct ValueForm {
    ValueKind kind = ValueKind::raw;
    std::size_t offset = 0;            ///< of the credential's first raw byte in the value
    std::size_t length = 0;            ///< of the credential as it is written there, escapes included
    Writing writing = Writing::plain;  ///< how it is written there, in the document too

    friend bool operator==(ValueForm const&, ValueForm const&) = default;
};

/// Finds the credential. `invalid_argument` where the value is none of these forms, names another owner, host or
/// suffix than the shape's, has more than one place for the credential, or holds what the shape calls foreign; the
/// message says which and never holds a part of the value.
[[nodiscard]] Result<ValueForm> parse_value_form(SecretString const& value, rotation::CredentialShape const& shape);

/// Whether the credential also stands where the form does not say: in a URL, a comment, a second copy. Replacing one of
/// two would break whoever reads the other.
[[nodiscard]] bool stands_elsewhere(SecretString const& value, ValueForm const& form);

/// Whether it is what the shape calls a bare credential.
[[nodiscard]] bool has_credential_form(SecretString const& credential, rotation::CredentialShape const& shape);

/// The credential, unescaped and decoded.
[[nodiscard]] SecretString credential_in(SecretString const& value, ValueForm const& form);

/// The value with another credential in the same place, escaped and encoded as the form needs.
[[nodiscard]] SecretString replace_credential(SecretString const& value, ValueForm const& form,
                                              SecretString const& credential);

}  // namespace kssedr::formats
