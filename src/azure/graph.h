/// Microsoft Graph: the client secrets of applications; pure functions, and a thin client for the three calls.
///
/// Source: Microsoft Graph v1.0, "Get application", "application: addPassword", "application: removePassword"; the
/// recordings the tests replay. The directory's replicas lag: a listing may miss what was just added or still show what
/// was just removed, for seconds as a rule and for minutes at times.

#pragma once

#include "azure/authorized_client.h"
#include "rotation/cloud.h"
#include "rotation/listed_credential.h"

#include <string>
#include <string_view>

namespace kssedr::azure {

/// An application, as far as its client secrets go.
struct GraphApplication {
    std::string app_id;  ///< by which it signs in; not the object id by which Graph knows it
    rotation::CredentialList passwords;
};

/// `corrupt` where the body is no application of this object id, or an entry of its list cannot be read: one that is
/// overlooked could be one that is in use.
[[nodiscard]] Result<GraphApplication> parse_application(std::string_view body, std::string_view object_id);

/// What `addPassword` answers. `corrupt` where it shows no id or no value.
[[nodiscard]] Result<rotation::AddedCredential> parse_added_password(std::string_view body);

/// The bodies of the two calls that change something. `ends` is cut to a whole second.
[[nodiscard]] SecretString format_add_password(std::string_view name, TimePoint ends);
[[nodiscard]] SecretString format_remove_password(std::string_view id);

/// Whether a refusal of `removePassword` says that there is no such client secret (any more).
[[nodiscard]] bool says_password_is_gone(Error const& refusal);

class GraphClient {
public:
    GraphClient(http::Transport& transport, TokenSource& tokens, Random& random, rotation::Cloud const& cloud);

    /// Errors, for all: those of AuthorizedClient. `object_id` is a UUID (rotation/owner_id.h).
    Async<GraphApplication> fetch_application(std::string object_id, SteadyPoint deadline);
    /// `outcome_unknown` also where one was made and its value could not be read.
    Async<rotation::AddedCredential> add_password(std::string object_id, std::string name, TimePoint ends,
                                                  SteadyPoint deadline);
    /// Well too where there is none of that id. A replica that has not heard yet of one that was just added says so as
    /// well: whoever must be sure lists again later.
    Async<void> remove_password(std::string object_id, std::string id, SteadyPoint deadline);

private:
    [[nodiscard]] Result<Service> service() const;
    [[nodiscard]] std::string url_of(std::string_view object_id, std::string_view behind) const;

    AuthorizedClient client_;
    std::string url_;  // without a slash at the end
    std::string audience_;
};

}  // namespace kssedr::azure
