/// SecretVersion: one version of a secret as the vault showed it, and the write that makes the next.

#pragma once

#include "base/secret_string.h"
#include "base/time.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::rotation {

/// A secret's tags. Names keep their case; Key Vault allows 15.
using Tags = std::map<std::string, std::string>;

/// What a listing shows of a version: everything but the value.
struct SecretProperties {
    std::string name;
    std::string version;  ///< empty in a listing of secrets, which names none
    bool enabled = true;
    bool managed = false;  ///< Key Vault itself keeps it, for a certificate: never to be written
    std::string content_type;
    Tags tags;
    std::optional<TimePoint> not_before;
    std::optional<TimePoint> expires;
    TimePoint created{};  ///< in whole seconds, as Key Vault tells it
    TimePoint updated{};

    friend bool operator==(SecretProperties const&, SecretProperties const&) = default;
};

/// A version with its value, and when the vault said so.
struct SecretVersion {
    SecretProperties properties;
    SecretString value;
    TimePoint seen_at{};  ///< the `Date` of the vault's answer: the rotation's "now" (DESIGN 3.1)
};

/// Shared, and never changed: several keep what one listing showed, and the next shows most of it again.
using ListedSecret = std::shared_ptr<SecretProperties const>;

/// All secrets of a vault, each by its current version's properties, and when the vault said so.
struct SecretListing {
    std::vector<ListedSecret> secrets;
    TimePoint seen_at{};
};

/// What is to become the next version.
struct SecretDraft {
    SecretString value;
    std::string content_type;  ///< empty: none is sent
    Tags tags;
    std::optional<TimePoint> not_before;
    std::optional<TimePoint> expires;
};

}  // namespace kssedr::rotation
