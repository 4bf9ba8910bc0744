#include "core/run/metrics_log.h"

namespace hopscope::core {

Result<MetricsLog> MetricsLog::open(const RunFolder& folder, int64_t layers, int64_t done_steps) {
    auto csv = MetricsCsv::open(folder.metrics_path(), layers);
    if (!csv) return csv.error();
    if (auto status = csv->cut_to_step(done_steps); !status) return status.error();
    auto events = EventFile::create(folder.event_dir(), layers, done_steps + 1);
    if (!events) return events.error();
    return MetricsLog(*std::move(csv), *std::move(events));
}

Status MetricsLog::append(const ScalarRecord& record) {
    const uint64_t before = csv_.mark();
    if (auto status = csv_.append(record); !status) return status;
    auto status = events_.append(record);
    // Both or none, so that the caller may simply try again.
    if (!status) (void)csv_.rewind(before);
    return status;
}

Status MetricsLog::amend(const ScalarRecord& record) {
    if (auto status = csv_.amend(record); !status) return status;
    ScalarRecord late;  // the rest of the record stands in an earlier event file
    late.step = record.step;
    late.tokens = record.tokens;
    late.seconds = record.seconds;
    late.valid_loss = record.valid_loss;
    return events_.append(late);
}

Status MetricsLog::sync() {
    auto status = csv_.sync();
    return status ? events_.sync() : status;
}

}  // namespace hopscope::core
