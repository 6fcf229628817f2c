/// EntryTrial: the one request that tells whether a service takes a key, as the catalogue describes it.
///
/// It changes nothing of the service's, and goes to the owner's own host (CatalogueEntry::hosts).

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::rotation {

/// How a request shows that its sender has the key.
enum class KeyProof : std::uint8_t {
    header,        ///< the key itself, in a header of a name of its own
    basic,         ///< the key as password, the owner's name as user
    bearer,        ///< a token of a minute, signed with the key: JWT, HS256
    hmac,          ///< method, path, date, host and body, signed with the decoded key
    hmac_with_id,  ///< the same where the key is a connection string with `Id` and `Secret`
    cosmos,        ///< Cosmos DB's master key
};

struct EntryTrial {
    std::string method;  ///< GET, HEAD or POST
    std::string target;  ///< path and query, with a slash at the front
    KeyProof proof = KeyProof::header;
    std::string header;  ///< its name, where the key goes into one
    std::vector<long> accepted{200};
    std::vector<long> rejected{401};

    friend bool operator==(EntryTrial const&, EntryTrial const&) = default;
};

/// The word of the catalogue's file: `hmac-with-id`, or `header` without the header's name.
[[nodiscard]] inline std::optional<KeyProof> parse_key_proof(std::string_view word) {
    if (word == "header") return KeyProof::header;
    if (word == "basic") return KeyProof::basic;
    if (word == "bearer") return KeyProof::bearer;
    if (word == "hmac") return KeyProof::hmac;
    if (word == "hmac-with-id") return KeyProof::hmac_with_id;
    if (word == "cosmos") return KeyProof::cosmos;
    return std::nullopt;
}

}  // namespace kssedr::rotation
