/// Admin: the local Azure's own interface under `/_emulator/`, in JSON, without authentication; docs/emulator.md is its
/// reference.

#pragma once

#include "emulator/builder.h"
#include "emulator/calls.h"
#include "emulator/faults.h"

namespace kssedr::emulator {

class Admin {
public:
    Admin(Ground ground, Builder& builder, EventGrid& events, Faults& faults, Holds& holds, CallLog& calls)
        : ground_(ground), builder_(builder), events_(events), faults_(faults), holds_(holds), calls_(calls) {}

    [[nodiscard]] static bool is_for_it(listen::Request const& request);
    Task<listen::Response> handle(listen::Request const& request);

private:
    listen::Response get(std::string const& what, Query const& query);
    Task<listen::Response> put(std::string const& what, json::value const& body);
    listen::Response remove(std::string const& what, std::string const& which);
    Result<json::object> change_clock(json::value const& body);
    Result<json::object> change_throttle(json::value const& body);
    Result<json::object> redeliver(json::value const& body);
    Async<json::object> subscribe(json::value const& body);
    json::object clock_state() const;
    json::object state() const;
    /// The resources with keys, and their keys: what `state` does not show.
    json::array resources();
    /// The client secrets of applications, with their values.
    [[nodiscard]] json::array applications() const;

    Ground ground_;
    Builder& builder_;
    EventGrid& events_;
    Faults& faults_;
    Holds& holds_;
    CallLog& calls_;
};

}  // namespace kssedr::emulator
