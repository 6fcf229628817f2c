/// CredentialShape: how an owner's credentials look inside the values of secrets.
///
/// Data that a provider gives; formats/value_form.h finds and replaces credentials by it. Without more, it is that of a
/// storage account.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::rotation {

/// One way in which a service writes its keys.
struct KeyForm {
    enum class Kind : std::uint8_t { base64, hex, text };

    Kind kind = Kind::base64;
    std::size_t least = 64;  ///< base64: decoded bytes; hex and text: characters, those of `begins` included
    std::size_t most = 64;
    std::string begins{};  ///< text: its first characters, but for their case
    std::string with{};    ///< text: what it is made of besides letters and digits

    friend bool operator==(KeyForm const&, KeyForm const&) = default;
};

/// A member of a connection string, or of a document, that must have this value wherever it stands.
struct FixedMember {
    std::string name;
    std::string value;

    friend bool operator==(FixedMember const&, FixedMember const&) = default;
};

/// A URL that carries the key, percent-encoded: `scheme://user:{key}@host…`, or `scheme://host…?member={key}`.
struct UrlForm {
    std::string scheme;
    std::string user{};          ///< what stands before the key; may be empty
    std::string query_member{};  ///< the member of the query that is the key; empty: the key is the password

    friend bool operator==(UrlForm const&, UrlForm const&) = default;
};

/// A login of a server, whose password is the credential: it has no form of its own, so it is found by where it stands
/// (formats/login_value.h).
struct LoginShape {
    std::string login;                   ///< whose password it is; its case counts
    std::string host;                    ///< the server's, without its port
    std::uint16_t port = 0;              ///< the server's
    std::uint16_t usual_port = 0;        ///< what is meant where none is written
    std::vector<std::string> schemes{};  ///< of URLs of the service, such as `postgresql`, `postgres`

    friend bool operator==(LoginShape const&, LoginShape const&) = default;
};

struct CredentialShape {
    std::string owner_name{};  ///< for messages
    /// A bare credential has one of these forms.
    std::vector<KeyForm> keys{KeyForm{}};

    /// In a connection string (`Name=value;…`): the member that holds the credential; empty: there are none.
    std::string key_member = "AccountKey";
    char separator = ';';
    /// The member that holds `owner_name`, where there is one; names like it are held to the same.
    std::string owner_member = "AccountName";
    std::vector<std::string> needed_members{"AccountName"};  ///< each once
    std::vector<FixedMember> fixed_members{};
    std::vector<std::string> endpoint_members{};  ///< they hold a URL of the owner's

    /// The owner's hosts, `name.*.core.windows.net`: `*` stands for one label or more. With a port it must be that
    /// port; without, none but the scheme's own may be written.
    std::vector<std::string> hosts{};
    std::vector<UrlForm> urls{};
    /// Where it is there, values are understood by it, and the members above but `owner_name`, `keys` and `hosts` say
    /// nothing.
    std::optional<LoginShape> login{};
    /// Members that make the value one kssedr does not understand, such as `SharedAccessSignature`.
    std::vector<std::string> foreign_members{};
};

}  // namespace kssedr::rotation
