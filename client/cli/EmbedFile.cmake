# cmake -D INPUT=... -D OUTPUT=... -P EmbedFile.cmake: a file as C++ source.
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "namespace kvick::cli {
extern const unsigned char kDescriptorSet[];
extern const unsigned long kDescriptorSetSize;
const unsigned char kDescriptorSet[] = {${bytes}};
const unsigned long kDescriptorSetSize = ${size};
}  // namespace kvick::cli
")
