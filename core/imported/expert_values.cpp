#include "core/imported/expert_values.h"

#include <algorithm>
#include <optional>

#include "core/base/utf8.h"
#include "core/imported/packed_values.h"
#include "core/imported/tensor_values.h"
#include "core/run/safetensors.h"

namespace hopscope::core {
namespace {

/// Bytes that are read at once.
constexpr int64_t kPiece = int64_t{4} << 20;

/// Rows of the matrix as they are stored.
class StoredRows {
  public:
    StoredRows(const ModelFolder& model, const StoredMatrix& matrix) : model_(model), m_(matrix) {}

    /// Reads the scales of the whole matrix.
    Status open() {
        shard_ = model_.shard_of(*m_.values);
        if (!shard_)
            return usage_error(shown_path(model_.dir()) + ": tensor " + in_quotes(m_.values->name) +
                               " is not there");
        row_bytes_ = m_.packed ? m_.columns / 2
                               : m_.columns * static_cast<int64_t>(dtype_bytes(m_.values->dtype));
        if (!m_.scales) return {};
        const ModelShard* shard = model_.shard_of(*m_.scales);
        if (!shard)
            return usage_error(shown_path(model_.dir()) + ": tensor " + in_quotes(m_.scales->name) +
                               " is not there");
        if (m_.packed) {
            const int64_t bytes = m_.rows * (m_.columns / kPackedBlock);
            auto read = shard->read(*m_.scales, static_cast<uint64_t>(m_.number * bytes),
                                    static_cast<size_t>(bytes));
            if (!read) return read.error();
            packed_scales_ = *std::move(read);
            return {};
        }
        const int64_t below = (m_.rows + m_.block_rows - 1) / m_.block_rows;
        block_scales_ = {m_.block_rows,
                         m_.block_columns,
                         (m_.columns + m_.block_columns - 1) / m_.block_columns,
                         {}};
        auto values = floats(*shard, *m_.scales, m_.number * below * block_scales_.across,
                             below * block_scales_.across);
        if (!values) return values.error();
        block_scales_.values = *std::move(values);
        return {};
    }

    int64_t rows_in_a_piece() const { return std::max<int64_t>(1, kPiece / row_bytes_); }

    /// [count, columns]
    Result<std::vector<float>> read(int64_t first, int64_t count) const {
        if (!m_.packed) {
            auto values = floats(*shard_, *m_.values, (m_.number * m_.rows + first) * m_.columns,
                                 count * m_.columns);
            if (values && m_.scales) apply_scales(block_scales_, first, m_.columns, *values);
            return values;
        }
        const auto bytes = shard_->read(
            *m_.values, static_cast<uint64_t>((m_.number * m_.rows + first) * row_bytes_),
            static_cast<size_t>(count * row_bytes_));
        if (!bytes) return bytes.error();
        const int64_t blocks = m_.columns / kPackedBlock;
        return unpacked(*bytes, std::string_view(packed_scales_)
                                    .substr(static_cast<size_t>(first * blocks),
                                            static_cast<size_t>(count * blocks)));
    }

  private:
    static Result<std::vector<float>> floats(const ModelShard& shard, const TensorView& tensor,
                                             int64_t first, int64_t count) {
        const auto size = static_cast<int64_t>(dtype_bytes(tensor.dtype));
        const auto bytes = shard.read(tensor, static_cast<uint64_t>(first * size),
                                      static_cast<size_t>(count * size));
        if (!bytes) return bytes.error();
        const TensorView part{tensor.name, tensor.dtype, {count}, bytes->data(), bytes->size()};
        return float_values(part, shard.path());
    }

    const ModelFolder& model_;
    const StoredMatrix& m_;
    const ModelShard* shard_ = nullptr;
    int64_t row_bytes_ = 1;
    BlockScales block_scales_;
    std::string packed_scales_;
};

}  // namespace

Result<std::vector<float>> expert_values(const ModelFolder& model, const ExpertLayout& layout,
                                         const StoredMatrix& m) {
    StoredRows stored(model, m);
    if (auto s = stored.open(); !s) return s.error();
    std::vector<float> out(static_cast<size_t>(layout.inner * layout.width));
    // Where one unit is a row of others' between them, they are read, too, and left.
    const int64_t begin = m.inner_in_rows ? m.first : 0,
                  end = m.inner_in_rows ? m.first + (layout.inner - 1) * m.step + 1 : m.rows;
    for (int64_t row = begin; row < end; row += stored.rows_in_a_piece()) {
        const int64_t count = std::min(stored.rows_in_a_piece(), end - row);
        const auto values = stored.read(row, count);
        if (!values) return values.error();
        const float* piece = values->data();
        if (m.inner_in_rows) {
            for (int64_t r = 0; r < count; ++r)
                if (const int64_t unit = row + r - m.first; unit % m.step == 0)
                    std::copy_n(piece + r * m.columns, layout.width,
                                out.data() + unit / m.step * layout.width);
            continue;
        }
        for (int64_t i = 0; i < layout.inner; ++i)
            for (int64_t r = 0; r < count; ++r)
                out[static_cast<size_t>(i * layout.width + row + r)] =
                    piece[r * m.columns + m.first + i * m.step];
    }
    return out;
}

}  // namespace hopscope::core
