/// LoginValue: where in a secret's value a login of a database and its password stand.
///
/// A part of value_form.h, for shapes with a login. A password has no form by which it could be told from other text,
/// so it is found by where it stands:
///
/// | value                                | login                    | password                 | server              |
/// |--------------------------------------|--------------------------|--------------------------|---------------------|
/// | JSON document, at any depth          | `username`, `user`, …    | `password`, `pwd`, …     | `host`, `port`, …   |
/// | URL, also behind `jdbc:`             | the user, or in the query| its password, or there   | its host            |
/// | `Name=value;…` of ADO.NET, ODBC, JDBC| `User ID`, `Uid`, …      | `Password`, `Pwd`        | `Server`, `Host`, … |
/// | `host=… user=…` of libpq             | `user`                   | `password`               | `host`, `port`      |
/// | `host:port,user=…` of Redis' clients | `user`                   | `password`               | first               |
/// | anything else                        | none                     | the whole value          | none                |
///
/// A value that names another server or another login is refused, and one with more than one place for the password.

#pragma once

#include "formats/value_form.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace kssedr::formats {

struct LoginValue {
    ValueForm password;
    std::vector<ValueForm> logins;  ///< in the order of the value; empty: it names none

    friend bool operator==(LoginValue const&, LoginValue const&) = default;
};

/// Errors as parse_value_form. The shape has a login.
[[nodiscard]] Result<LoginValue> parse_login_value(SecretString const& value, rotation::CredentialShape const& shape);

struct LoginFound {
    std::size_t which = 0;  ///< of the shapes
    LoginValue value;
};

/// Whose of several logins that take turns the value is. One that names no login is refused where there are several.
[[nodiscard]] Result<LoginFound> find_login(SecretString const& value,
                                            std::span<rotation::CredentialShape const> shapes);

/// The value with another login and another password in the places of the former ones; every other byte stays.
/// Where the value names no login, `login` is not written.
[[nodiscard]] SecretString replace_login(SecretString const& value, LoginValue const& found, std::string_view login,
                                         SecretString const& password);

}  // namespace kssedr::formats
