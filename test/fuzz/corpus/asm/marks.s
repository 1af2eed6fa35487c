load..inp =
=
.word
