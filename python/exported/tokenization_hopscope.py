"""hopscope's way from text to tokens for transformers: SentencePiece line by line.

Each line is encoded alone, followed by the piece <0x0A> where another comes and the model has it; a line that equals the
separator of documents becomes </s>. So ids are those of `hopscope trace`. Needs the package sentencepiece.
"""
import pathlib
import shutil

import sentencepiece
from transformers import PreTrainedTokenizer

NEWLINE, END = "<0x0A>", "</s>"


class HopscopeTokenizer(PreTrainedTokenizer):
    vocab_files_names = {"vocab_file": "tokenizer.model"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(self, vocab_file, separator="<|endoftext|>", **more):
        self.vocab_file, self.separator = vocab_file, separator
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(vocab_file))
        named = {"unk_token": self.pieces.unk_id(), "eos_token": self.pieces.eos_id()}
        for name, number in named.items():
            if number >= 0:
                more.setdefault(name, self.pieces.id_to_piece(number))
        more.setdefault("pad_token", more.get("eos_token"))
        more.setdefault("padding_side", "right")
        more.setdefault("clean_up_tokenization_spaces", False)
        # "</s>" within a text is text, as in hopscope.
        more.setdefault("split_special_tokens", True)
        super().__init__(separator=separator, **more)

    @property
    def vocab_size(self):
        return self.pieces.get_piece_size()

    def get_vocab(self):
        return {self.pieces.id_to_piece(number): number for number in range(self.vocab_size)} | self.added_tokens_encoder

    def _tokenize(self, text):
        out, lines = [], text.split("\n")
        newline = self.pieces.id_to_piece(self.pieces.piece_to_id(NEWLINE)) == NEWLINE
        for number, line in enumerate(lines):
            if line == self.separator:
                out.append(END)
                continue
            out += self.pieces.encode(line, out_type=str)
            if newline and number + 1 < len(lines):
                out.append(NEWLINE)
        return out

    def _convert_token_to_id(self, token):
        return self.pieces.piece_to_id(token)

    def _convert_id_to_token(self, index):
        return self.pieces.id_to_piece(index)

    def convert_tokens_to_string(self, tokens):
        lines = [[]]
        for token in tokens:
            if token == NEWLINE:
                lines.append([])
            elif token != END:
                lines[-1].append(token)
        return "\n".join(self.pieces.decode_pieces(line) for line in lines)

    def save_vocabulary(self, save_directory, filename_prefix=None):
        to = pathlib.Path(save_directory) / ((f"{filename_prefix}-" if filename_prefix else "") + "tokenizer.model")
        if to.resolve() != pathlib.Path(self.vocab_file).resolve():
            shutil.copyfile(self.vocab_file, to)
        return (str(to),)
