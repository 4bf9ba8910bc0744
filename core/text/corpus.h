// Streaming reader of a text corpus: a file, an .xz file, or a folder of them, line by line with
// memory that does not depend on the size. Owned and used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/api/progress.h"
#include "core/base/random.h"
#include "core/base/result.h"
#include "core/base/utf8.h"

namespace hopscope::core {

/// A sequence of lines that can be read more than once.
class LineSource {
  public:
    virtual ~LineSource() = default;
    /// False at the end. `line` comes without its newline; a carriage return before it stays part
    /// of the line.
    virtual Result<bool> next(std::string& line) = 0;
    virtual Status rewind() = 0;
    virtual double fraction() const { return -1; }  ///< read so far, 0 … 1, or −1 for unknown
    virtual std::string name() const = 0;           ///< for messages
};

/// Lines longer than this are refused: one line is encoded as a whole, in memory.
inline constexpr int64_t kMaxLineBytes = int64_t{16} << 20;

class ByteStream;

/// Files of a folder are read in the order of their paths, subfolders included, whether they lie
/// there or are linked (each once), hidden names left out. A byte-order mark at the beginning of a
/// file is no part of the text. Errors (usage): a missing, empty or unreadable file; a link that
/// leads nowhere; a folder of a run, whose files are no text; a NUL byte (binary); bytes that are
/// not UTF-8, with file and offset in the unpacked text; a truncated or corrupt .xz file, or one
/// packed otherwise; a line longer than kMaxLineBytes.
class CorpusReader : public LineSource {
  public:
    /// @param what how messages call it
    static Result<std::unique_ptr<CorpusReader>> open(const std::string& path,
                                                      const std::string& what = "corpus");
    ~CorpusReader() override;

    Result<bool> next(std::string& line) override;
    Status rewind() override;
    double fraction() const override;
    std::string name() const override { return name_; }

    const std::vector<std::string>& files() const { return files_; }
    size_t file_index() const { return file_; }  ///< of the line returned last
    int64_t bytes() const { return bytes_; }     ///< of text, read since the last rewind
    std::string hash() const {
        return hash_.hex();
    }  ///< of those bytes; of the corpus once next() said false

  private:
    CorpusReader(const std::string& path, std::string what, std::vector<std::string> files,
                 int64_t total);
    Status open_next_file();
    Status fill();
    Error at(const std::string& what) const;

    std::string what_, name_;  ///< name_: the path as messages show it
    std::vector<std::string> files_;
    int64_t total_ = 0;          ///< packed bytes of all files
    int64_t packed_before_ = 0;  ///< packed bytes of the files already finished
    size_t next_file_ = 0;       ///< to open next
    size_t file_ = 0;
    std::unique_ptr<ByteStream> stream_;
    std::string buffer_;
    size_t scanned_ = 0;      ///< no newline in buffer_ before this
    size_t begin_ = 0;        ///< first byte of buffer_ that was not returned yet
    int64_t file_bytes_ = 0;  ///< unpacked bytes of the open file, with its byte-order mark
    int64_t bytes_ = 0;
    int64_t line_ = 0;  ///< lines returned from the open file
    Utf8Checker utf8_;
    ContentHash hash_;
};

/// Lines held in memory, for tests and small texts.
class TextLines : public LineSource {
  public:
    explicit TextLines(std::string text, std::string name = "text");
    Result<bool> next(std::string& line) override;
    Status rewind() override;
    double fraction() const override;
    std::string name() const override { return name_; }

  private:
    std::string text_, name_;
    size_t begin_ = 0;
};

/// Whether a line ends a document; a carriage return at its end does not matter, an empty separator
/// matches nothing.
bool is_separator(std::string_view line, std::string_view separator);

/// Counts the documents of a sequence of lines: one ends at a separator line and at the end of a
/// file, and holds at least one line that is not blank.
class DocumentCounter {
  public:
    explicit DocumentCounter(std::string separator) : separator_(std::move(separator)) {}
    /// True if the line is a separator. `file`: the number of the file it came from.
    bool feed(const std::string& line, size_t file);
    void end_document();
    int64_t ended() const { return ended_; }

  private:
    std::string separator_;
    size_t file_ = 0;
    bool open_ = false;
    int64_t ended_ = 0;
};

/// What a corpus holds, found by reading it once: every error of the reader comes before any long
/// work.
struct CorpusCount {
    int64_t bytes = 0, lines = 0;
    int64_t documents = 0;  ///< ended by a separator line, or by the end of a file
    std::string hash;
};
Result<CorpusCount> count_corpus(CorpusReader& reader, const std::string& separator,
                                 const Progress& progress);

}  // namespace hopscope::core
