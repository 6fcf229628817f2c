#include "emulator/calls.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace kssedr::emulator {

std::uint64_t CallLog::add(CallRecord record) {
    record.sequence = next_++;
    records_.push_back(std::move(record));
    if (records_.size() > records_max) records_.pop_front();
    return records_.back().sequence;
}

void CallLog::update(std::uint64_t sequence, unsigned status, bool effect, std::string const& client_id,
                     std::string const& fault) {
    auto const found = std::ranges::lower_bound(records_, sequence, {}, &CallRecord::sequence);
    if (found == records_.end() || found->sequence != sequence) return;
    found->status = status;
    found->effect = effect;
    found->client_id = client_id;
    found->fault = fault;
}

json::array CallLog::to_json(std::uint64_t since) const {
    json::array out;
    for (auto const& record : records_) {
        if (record.sequence <= since) continue;
        json::object one{{"sequence", record.sequence},
                         {"service", record.service},
                         {"operation", record.operation},
                         {"resource", record.resource},
                         {"method", record.method},
                         {"path", record.path},
                         {"status", record.status},
                         {"effect", record.effect},
                         {"clientId", record.client_id},
                         {"emulatedTime", format_rfc3339(record.emulated)},
                         {"realTime", format_rfc3339(record.real)}};
        if (!record.fault.empty()) one["fault"] = record.fault;
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace kssedr::emulator
