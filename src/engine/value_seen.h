/// ValueSeen: what a secret's value is understood to be: its form, and of which of an owner's logins it is.

#pragma once

#include "formats/login_value.h"
#include "formats/value_form.h"

#include <optional>
#include <string_view>

namespace kssedr::engine {

struct ValueSeen {
    formats::ValueForm form;                   ///< where the credential stands
    std::optional<formats::LoginValue> login;  ///< where the login stands too; nothing: the owner has none
    std::size_t which = 0;                     ///< of the owner's logins

    friend bool operator==(ValueSeen const&, ValueSeen const&) = default;

    [[nodiscard]] SecretString credential(SecretString const& value) const {
        return formats::credential_in(value, form);
    }
    /// The value with another credential, and the login that it belongs to, in its place.
    [[nodiscard]] SecretString replace(SecretString const& value, std::string_view name,
                                       SecretString const& credential) const {
        return login ? formats::replace_login(value, *login, name, credential)
                     : formats::replace_credential(value, form, credential);
    }
};

}  // namespace kssedr::engine
