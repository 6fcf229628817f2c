/// KeyTrial: whether a service takes a key, told by requests to its own endpoint that the catalogue describes.
///
/// The endpoint is the owner's: where the catalogue says so as the resource names it, held against the entry's hosts,
/// else the first of these. Never what a secret's value says. A request that the service turns down says that the key
/// is wrong only where the same request with another of the owner's keys is taken: services turn down for other
/// reasons in the same words (keys switched off, a firewall, a kind of account without that call), and what is known
/// of them is documentation.

#pragma once

#include "azure/arm_client.h"
#include "http/transport.h"
#include "ports/credential_provider.h"
#include "rotation/catalogue.h"

#include <map>
#include <string>

namespace kssedr::providers {

class KeyTrial {
public:
    /// All outlive it.
    KeyTrial(http::Transport& transport, azure::ArmClient& arm, Clock& clock, rotation::Cloud const& cloud)
        : transport_(transport), arm_(arm), clock_(clock), cloud_(cloud) {}

    /// What the service says to the key. `entry` and `key` outlive the call.
    Task<ports::TrialResult> run(rotation::CatalogueEntry const& entry, rotation::ArmId owner, SecretString const& key,
                                 SteadyPoint deadline);

private:
    struct Known {
        std::string authority;
        SteadyPoint until;
    };

    /// `host[:port]`; the error says why nobody is asked.
    Async<std::string> find_authority(rotation::CatalogueEntry const& entry, rotation::ArmId owner,
                                      SteadyPoint deadline);
    /// One request's answer. Errors are those of the transport: nobody answered.
    Async<ports::TrialResult> ask(rotation::EntryTrial const& trial, std::string authority, std::string_view user,
                                  SecretString const& key, SteadyPoint deadline);

    http::Transport& transport_;
    azure::ArmClient& arm_;
    Clock& clock_;
    rotation::Cloud const& cloud_;
    std::map<std::string, Known> known_;  // by ArmId::key()
};

}  // namespace kssedr::providers
