#include "server/exposition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kssedr::server {
namespace {

constexpr std::size_t max_series = 1000;

std::string_view word(MetricKind kind) {
    switch (kind) {
    case MetricKind::counter: return "counter";
    case MetricKind::gauge: return "gauge";
    case MetricKind::histogram: break;
    }
    return "histogram";
}

void append_label_value(std::string& out, std::string_view value) {
    for (char const c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
}

// The shortest text that is read as the same number.
std::string format_number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

}  // namespace

void Exposition::begin(std::string_view name, MetricKind kind, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, word(kind));
}

void Exposition::put(std::string_view suffix, std::span<Label const> labels, double value) {
    text_ += name_;
    text_ += suffix;
    char before = '{';
    for (auto const& [name, text] : labels) {
        text_ += before;
        text_ += name;
        text_ += "=\"";
        append_label_value(text_, text);
        text_ += '"';
        before = ',';
    }
    if (!labels.empty()) text_ += '}';
    text_ += ' ' + format_number(value) + '\n';
}

void Counters::count(std::initializer_list<std::string_view> values) {
    std::vector<std::string> key(values.begin(), values.end());
    if (counts_.size() >= max_series && !counts_.contains(key)) key.assign(values.size(), "other");
    ++counts_[std::move(key)];
}

void Counters::write(Exposition& out) const {
    out.begin(name_, MetricKind::counter, help_);
    for (auto const& [values, count] : counts_) {
        std::vector<Label> labels;
        for (std::size_t i = 0; i < values.size(); ++i) labels.emplace_back(labels_[i], values[i]);
        out.sample(labels, static_cast<double>(count));
    }
}

void Histograms::observe(std::string_view value, double seconds) {
    if (series_.size() >= max_series && !series_.contains(value)) value = "other";
    auto& series = series_[std::string(value)];
    series.buckets.resize(bounds_.size() + 1);
    auto const bucket = std::ranges::lower_bound(bounds_, seconds) - bounds_.begin();
    ++series.buckets[static_cast<std::size_t>(bucket)];
    series.sum += seconds;
}

void Histograms::write(Exposition& out) const {
    out.begin(name_, MetricKind::histogram, help_);
    for (auto const& [value, series] : series_) {
        std::uint64_t cumulated = 0;
        for (std::size_t i = 0; i < series.buckets.size(); ++i) {
            cumulated += series.buckets[i];
            auto const bound = i < bounds_.size() ? format_number(bounds_[i]) : "+Inf";
            std::array<Label, 2> const labels = {Label{label_, value}, Label{"le", bound}};
            out.put("_bucket", labels, static_cast<double>(cumulated));
        }
        std::array<Label, 1> const labels = {Label{label_, value}};
        out.put("_sum", labels, series.sum);
        out.put("_count", labels, static_cast<double>(cumulated));
    }
}

}  // namespace kssedr::server
