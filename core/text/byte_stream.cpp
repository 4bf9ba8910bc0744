#include "core/text/byte_stream.h"

#include <cerrno>
#include <cstring>
#include <lzma.h>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "core/base/file_handle.h"
#include "core/base/utf8.h"

namespace hopscope::core {

namespace {

constexpr unsigned char kXzMagic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};
/// xz -9 needs 65 MiB; what asks for more is not a text that someone packed.
constexpr uint64_t kXzMemory = uint64_t{512} << 20;

/// What begins so was packed by a program whose format is not read here.
struct Packed {
    size_t at;  ///< where the mark stands
    std::string_view mark;
    const char* kind;
    const char* unpack;
};
constexpr Packed kPacked[] = {
    {0, "\x1f\x8b", "gzip", "gunzip -k"},      {0, "\x28\xb5\x2f\xfd", "zstd", "unzstd"},
    {4, "1AY&SY", "bzip2", "bunzip2 -k"},      {0, "\x04\x22\x4d\x18", "lz4", "unlz4"},
    {0, "PK\x03\x04", "zip", "unzip"},         {0, "7z\xbc\xaf\x27\x1c", "7z", "7z x"},
    {0, "Rar!\x1a\x07", "rar", "unrar x"},     {257, {"ustar\0", 6}, "tar", "tar -xf"},
    {257, {"ustar  \0", 8}, "tar", "tar -xf"}, {0, {"\x5d\0\0", 3}, "lzma", "unlzma -k"},
};
constexpr size_t kHeadBytes = 512;  ///< beyond the last of the marks; the first block of a tar

/// The oldest tars have no mark, but each has the sum of its first block in it: octal digits at
/// byte 148, themselves counted as eight blanks.
bool is_summed_tar(std::string_view head) {
    constexpr size_t kBlock = 512, kAt = 148, kDigits = 8;
    if (head.size() < kBlock) return false;
    uint32_t sum = kDigits * ' ', written = 0;
    for (size_t i = 0; i < kBlock; ++i)
        if (i < kAt || i >= kAt + kDigits) sum += static_cast<unsigned char>(head[i]);
    const std::string_view field = head.substr(kAt, kDigits);
    const size_t first = field.find_first_not_of(' ');
    for (size_t i = first; i < kDigits && field[i] >= '0' && field[i] <= '7'; ++i)
        written = written * 8 + static_cast<uint32_t>(field[i] - '0');
    return written == sum;
}

std::string_view xz_magic() {
    return {reinterpret_cast<const char*>(kXzMagic), sizeof kXzMagic};
}

/// "is packed with gzip; unpack it first, …"; "": it is not.
std::string packed_with(std::string_view head) {
    for (const Packed& packed : kPacked)
        if (head.size() >= packed.at && head.substr(packed.at).starts_with(packed.mark))
            return std::string("is packed with ") + packed.kind + "; unpack it first, e.g. with " +
                   packed.unpack + " (text and .xz are read)";
    if (is_summed_tar(head))
        return "is packed with tar; unpack it first, e.g. with tar -xf (text and .xz are read)";
    return "";
}

class PlainStream : public ByteStream {
  public:
    PlainStream(std::string name, FileHandle file)
        : name_(std::move(name)), file_(std::move(file)) {}

    Result<size_t> read(char* out, size_t size) override {
        while (true) {
            const ssize_t got = ::read(file_.get(), out, size);
            if (got >= 0) {
                position_ += got;
                return static_cast<size_t>(got);
            }
            if (errno != EINTR) {
                return reading_error(name_ + ": byte " + std::to_string(position_), errno);
            }
        }
    }
    int64_t packed_position() const override { return position_; }

  private:
    std::string name_;
    FileHandle file_;
    int64_t position_ = 0;
};

/// One .xz stream after the other, with the zero bytes that may lie between them.
class XzStream : public ByteStream {
  public:
    XzStream(std::string name, std::unique_ptr<ByteStream> packed)
        : name_(std::move(name)), packed_(std::move(packed)), in_(size_t{1} << 16) {
        ready_ = lzma_stream_decoder(&stream_, kXzMemory, 0) == LZMA_OK;
    }
    ~XzStream() override { lzma_end(&stream_); }
    XzStream(const XzStream&) = delete;
    XzStream& operator=(const XzStream&) = delete;

    Result<size_t> read(char* out, size_t size) override {
        if (!ready_) return failure(name_ + ": no memory to unpack .xz");
        if (ended_ || size == 0) return size_t{0};
        stream_.next_out = reinterpret_cast<uint8_t*>(out);
        stream_.avail_out = size;
        while (stream_.avail_out == size) {
            if (auto s = refill(); !s) return s.error();
            const lzma_ret code = lzma_code(&stream_, packed_ended_ ? LZMA_FINISH : LZMA_RUN);
            if (code == LZMA_STREAM_END) {
                if (auto s = next_stream(); !s) return s.error();
                if (ended_) break;
            } else if (code != LZMA_OK) {
                return broken(code);
            }
        }
        return size - stream_.avail_out;
    }
    int64_t packed_position() const override {
        return before_ + static_cast<int64_t>(stream_.total_in);
    }

  private:
    Status refill() {
        if (stream_.avail_in > 0 || packed_ended_) return {};
        auto got = packed_->read(reinterpret_cast<char*>(in_.data()), in_.size());
        if (!got) return got.error();
        packed_ended_ = *got == 0;
        stream_.next_in = in_.data();
        stream_.avail_in = *got;
        return {};
    }

    /// Behind the end of a stream: the end of the file, or another one.
    Status next_stream() {
        before_ += static_cast<int64_t>(stream_.total_in);
        stream_.total_in = 0;
        int64_t padding = 0;
        while (true) {
            if (auto s = refill(); !s) return s;
            if (stream_.avail_in == 0 || *stream_.next_in != 0) break;
            ++stream_.next_in;
            --stream_.avail_in;
            ++padding;
        }
        before_ += padding;
        if (padding % 4 != 0)
            return usage_error(name_ + ": the .xz data end at byte " +
                               std::to_string(before_ - padding) + ", and " +
                               std::to_string(padding) +
                               " zero bytes follow, which come in fours; cut them off, or fetch or "
                               "pack the file again");
        if (stream_.avail_in == 0) {
            ended_ = true;
            return {};
        }
        // One byte is enough: no text and no other format that is likely here begins with it, and
        // what does is told by the decoder.
        if (*stream_.next_in != kXzMagic[0])
            return usage_error(name_ + ": the .xz data end at byte " + std::to_string(before_) +
                               ", and something that is no .xz follows; cut it off, or fetch or "
                               "pack the file again");
        uint8_t* const out = stream_.next_out;
        const size_t room = stream_.avail_out;
        const uint8_t* const in = stream_.next_in;
        const size_t left = stream_.avail_in;
        ready_ = lzma_stream_decoder(&stream_, kXzMemory, 0) == LZMA_OK;
        if (!ready_) return failure(name_ + ": no memory to unpack .xz");
        stream_.next_out = out;
        stream_.avail_out = room;
        stream_.next_in = in;
        stream_.avail_in = left;
        return {};
    }

    Error broken(lzma_ret code) const {
        const std::string where = " at byte " + std::to_string(packed_position());
        switch (code) {
            case LZMA_BUF_ERROR:
                return usage_error(name_ + ": truncated .xz file: it ends" + where +
                                   " in the middle of the data; fetch or pack it again");
            case LZMA_MEMLIMIT_ERROR:
                return usage_error(name_ + ": unpacking needs more than " +
                                   std::to_string(kXzMemory >> 20) +
                                   " MiB; pack it again with xz -9 or less");
            case LZMA_OPTIONS_ERROR:
                return usage_error(name_ +
                                   ": .xz options that are not known here; unpack it first");
            case LZMA_MEM_ERROR:
                return failure(name_ + ": no memory to unpack .xz");
            default:
                return usage_error(name_ + ": corrupt .xz file" + where +
                                   "; fetch or pack it again");
        }
    }

    std::string name_;
    std::unique_ptr<ByteStream> packed_;
    std::vector<uint8_t> in_;
    lzma_stream stream_ = LZMA_STREAM_INIT;
    int64_t before_ = 0;  ///< packed bytes before the open stream
    bool ready_ = false, packed_ended_ = false, ended_ = false;
};

}  // namespace

std::string foreign_form(std::string_view begin) {
    if (begin.starts_with(xz_magic())) return "is packed twice; unpack it once, with unxz -k";
    const std::string_view text =
        begin.substr(begin.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    if (text.starts_with("%PDF-")) return "is a PDF; take the text out first, with pdftotext";
    const std::string other = other_encoding(begin);
    return other.empty() ? packed_with(begin) : other;
}

Result<std::unique_ptr<ByteStream>> ByteStream::open(const std::string& path) {
    auto opened = open_to_read(path);
    if (!opened) return opened.error();
    const std::string name = shown_path(path);
    char begin[kHeadBytes] = {};
    const ssize_t got = ::pread(opened->handle.get(), begin, sizeof begin, 0);
    const std::string_view head(begin, got > 0 ? static_cast<size_t>(got) : 0);
    if (const std::string packed = packed_with(head); !packed.empty())
        return usage_error(name + ": " + packed);
    std::unique_ptr<ByteStream> plain =
        std::make_unique<PlainStream>(name, std::move(opened->handle));
    if (head.starts_with(xz_magic())) return {std::make_unique<XzStream>(name, std::move(plain))};
    if (path.ends_with(".xz"))
        return usage_error(name + ": is named .xz but is no .xz file; rename or pack it again");
    return plain;
}

}  // namespace hopscope::core
