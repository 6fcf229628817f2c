/// Hook: a program or a web service of the user's own that makes credentials, as configuration names it (`[[hook]]`).
///
/// What is run or called, with which environment and for how long, stands here and nowhere else: a secret only asks for
/// the hook by its name (DESIGN 2, law 5).

#pragma once

#include "base/secret_string.h"
#include "base/time.h"
#include "rotation/owner_id.h"
#include "rotation/secret_ref.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::rotation {

struct HookVariable {
    std::string name;
    SecretString value;  ///< for what it may be; nobody but the program sees it
};

struct Hook {
    OwnerId owner;
    std::vector<std::string> command{};  ///< an absolute path and arguments; empty where `url` is called
    std::string url{};                   ///< https
    Duration timeout = std::chrono::seconds{20};
    std::vector<HookVariable> environment{};    ///< the program's whole environment
    std::optional<SecretRef> signing_secret{};  ///< of a URL: whose value signs requests
    /// In pairs that alternate: the first two, the next two.
    std::vector<std::string> slots{"key1", "key2"};

    std::size_t least = 8;                               ///< characters of a credential
    std::size_t most = 256;                              ///< the same
    std::string marks = "-_.~+/=!#$%*@^";                ///< what it is made of besides letters and digits
    std::vector<std::string> value_members{"password"};  ///< members of JSON documents that hold it
    std::string connection_member{};                     ///< the member of connection strings; empty: there are none
    std::vector<std::string> hosts{};                    ///< hosts that values may name
    std::string where{};                                 ///< `kssedr.toml:12, hook`
};

}  // namespace kssedr::rotation
