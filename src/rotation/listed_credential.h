/// ListedCredential: a credential of an owner that has a list of them, to which one is added and from which one is
/// removed, such as the client secrets of an application. The service shows what it is called, never its value.

#pragma once

#include "base/secret_string.h"
#include "base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace kssedr::rotation {

struct ListedCredential {
    std::string id;    ///< as the service spells it: a UUID
    std::string mark;  ///< what whoever made it called it; anybody's text
    std::string hint;  ///< the first characters of its value; empty where the service does not tell
    std::optional<TimePoint> begins;
    std::optional<TimePoint> ends;

    friend bool operator==(ListedCredential const&, ListedCredential const&) = default;
};

/// All credentials of one owner, in no order.
using CredentialList = std::vector<ListedCredential>;

/// One that was just made: the only time that its value is shown.
struct AddedCredential {
    std::string id;
    SecretString value;
};

}  // namespace kssedr::rotation
