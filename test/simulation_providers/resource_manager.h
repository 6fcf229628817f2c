/// ResourceManager: what Azure Resource Manager and the services behind it do with a request that reached them.
///
/// One for a world. It knows nothing of how requests travel (transport.h); what is true stands in the estate. A
/// regeneration is done at once, or goes on as an operation, whoever asked being dead or alive by then: the key changes
/// somewhere on the way, and until the end the owner takes no other regeneration. One that fails may show on its way a
/// key that never comes to be.

#pragma once

#include "kinds.h"
#include "simulation/network.h"

#include "http/transport.h"

#include <map>
#include <optional>
#include <string>

namespace kssedr::simulation {

/// How a world's services are, beside its plan.
struct Manners {
    double operation_fails = 0;  ///< the share of operations that end as failed, with nothing done
    bool tells_calls_left = false;
    bool answers_another_place = false;  ///< each answer about an operation names a new place to ask at
};

/// A key that is to stand in a slot.
struct NewKey {
    int slot;
    std::optional<std::string> text;  ///< nothing: the service makes it
};

class ResourceManager {
public:
    static constexpr std::string_view host = "management.azure.com";

    explicit ResourceManager(Chance chance) : chance_(chance) {}

    Manners manners;

    [[nodiscard]] static Wire const& wire_of(OwnerState const& owner);

    /// A regeneration arrives. `author` is who asked, when they sent it.
    http::Response regenerate(Site const& site, int owner, NewKey const& key, Author const& author);
    /// The resource arrives to be written back: `body` with the tag it was read under.
    http::Response write_back(Site const& site, int owner, std::string_view body, std::string_view etag,
                              Author const& author);
    /// Who has the operation; -1 where there is none.
    [[nodiscard]] int owner_of(std::string const& operation) const;
    [[nodiscard]] http::Response tell_of(Site const& site, std::string const& operation);

    /// Puts into a listing what an operation that will fail shows meanwhile.
    void show_provisional(Site const& site, int owner, rotation::Credentials& listed) const;
    /// What a listing shows, as the service writes it.
    [[nodiscard]] static std::string format_keys(OwnerState const& owner, rotation::Credentials const& credentials);
    [[nodiscard]] static std::string format_policies(OwnerState const& owner, Estate const& estate);
    [[nodiscard]] std::string format_resource(int owner, Estate const& estate) const;

private:
    struct Operation {
        int owner = 0;
        SteadyPoint ends{};
        bool fails = false;
        int slot = 0;
        SteadyPoint shows_from{};
        std::string provisional;  ///< what it shows from then on and takes back at its end; empty: nothing
    };

    http::Response begin(Site const& site, int owner, NewKey const& key, Author const& author);
    static void change(Site const& site, int owner, NewKey const& key, Author const& author);
    [[nodiscard]] std::string etag_of(int owner, Estate const& estate) const;
    [[nodiscard]] static std::string place_of(std::string const& operation);

    Chance chance_;
    std::map<std::string, Operation> operations_;
    std::map<int, SteadyPoint> busy_until_;  ///< by owner
    std::map<int, std::string> last_;        ///< by owner: its last operation
    std::map<int, int> begun_;               ///< by owner: how many operations
    std::uint64_t names_ = 0;
};

/// An answer with a body of JSON.
[[nodiscard]] http::Response answer(long status, std::string body = {});
/// `{"error":{"code":…}}`.
[[nodiscard]] http::Response refusal(long status, std::string_view code);

}  // namespace kssedr::simulation
