/// StorageClient: one call to the blob or the queue service of one storage account.
///
/// It proves itself by what it was given: the account's key, a shared access signature, or neither, and then by a token
/// of kssedr's identity. A 401 to a token means that nothing was done, and the call is made once more with a new one,
/// as AuthorizedClient does. Any answer is a Response: what its status means is for whoever asked to know.

#pragma once

#include "async/clock.h"
#include "azure/token_source.h"
#include "base/random.h"
#include "http/transport.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::azure {

/// A blob or queue service, and what opens it.
struct StorageAccess {
    std::string endpoint;      ///< `https://demo.blob.core.windows.net`, `http://127.0.0.1:10000/devstoreaccount1`; no
                               ///< slash at the end
    std::string account;       ///< whose key it is
    SecretString account_key;  ///< base64
    SecretString shared_access_signature;                ///< a query, without the question mark
    std::string role = "Storage Blob Data Contributor";  ///< what kssedr's identity needs there, for messages

    enum class Kind : std::uint8_t { account_key, shared_access_signature, identity };
    [[nodiscard]] Kind kind() const {
        if (!account_key.empty()) return Kind::account_key;
        return shared_access_signature.empty() ? Kind::identity : Kind::shared_access_signature;
    }
};

struct StorageCall {
    http::Method method = http::Method::get;
    std::string path;   ///< behind the endpoint: `/container/blob`, `/queue/messages`
    std::string query;  ///< without the question mark; may be empty
    std::vector<http::Header> headers;
    std::string_view body = {};
    std::size_t response_limit = std::size_t{64} << 10U;  ///< a longer answer is `corrupt`
};

class StorageClient {
public:
    StorageClient(http::Transport& transport, TokenSource& tokens, Clock& clock, Random& random, StorageAccess access);

    /// What is called must do no more when sent twice. Errors: the transport's and the token source's, and
    /// `invalid_argument` where a token would go out in the clear.
    Async<http::Response> send(StorageCall call, SteadyPoint deadline);

    [[nodiscard]] StorageAccess const& access() const { return access_; }

private:
    Result<http::Request> make_request(StorageCall const& call, Token const& token);

    http::Transport& transport_;
    TokenSource& tokens_;
    Clock& clock_;
    Random& random_;
    StorageAccess access_;
};

}  // namespace kssedr::azure
