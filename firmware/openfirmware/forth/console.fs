\ Input from the console, and the words that every console driver defers to.

defer (key)                             \ ( -- char ) wait for a character
defer (key?)                            \ ( -- flag ) has one come?
: key  ( -- char )  (key) ;
: key?  ( -- flag )  (key?) ;
