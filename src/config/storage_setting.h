/// The storage that kssedr itself uses (AzureWebJobsStorage), and the container in it where instances meet to lock
/// owners.
///
/// Source: Microsoft Learn, "Configure Azure Storage connection strings" and "Connecting to host storage with an
/// identity".

#pragma once

#include "base/error.h"
#include "base/secret_string.h"

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::config {

/// A blob service, and what opens it: the account's key, a shared access signature, or neither, then kssedr's identity.
struct StorageSetting {
    std::string endpoint;  ///< `https://demo.blob.core.windows.net`, `http://127.0.0.1:10000/devstoreaccount1`; no
                           ///< slash at the end
    std::string queue_endpoint;  ///< of the same account; empty where it is not known
    std::string account;         ///< whose key it is; empty where there is no key
    SecretString account_key;
    SecretString shared_access_signature;

    [[nodiscard]] bool uses_identity() const { return account_key.empty() && shared_access_signature.empty(); }
};

struct LockContainer {
    StorageSetting storage;
    std::string name;
};

/// A connection string with an account key or a shared access signature, or of the development storage. `suffix` is the
/// cloud's, for one that names none. Errors quote no part of it.
[[nodiscard]] Result<StorageSetting> parse_storage_connection(std::string_view text, std::string_view suffix);

/// A blob service by its URL, to be used with kssedr's identity: https, and Azure's own.
[[nodiscard]] Result<StorageSetting> parse_blob_service_url(std::string_view url, std::string_view suffix);

/// `KSSEDR_LOCKS` as a URL: the container it names, and the endpoint before it.
struct ContainerUrl {
    std::string endpoint;
    std::string container;

    friend bool operator==(ContainerUrl const&, ContainerUrl const&) = default;
};
[[nodiscard]] Result<ContainerUrl> parse_container_url(std::string_view url);

}  // namespace kssedr::config
