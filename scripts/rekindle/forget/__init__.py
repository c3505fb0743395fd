"""Forgetting people, in three words with one meaning each.

* **forget** is what somebody asks for, and the whole of it: the platforms remove the person, what is here is erased,
  and whoever is delivered again is blocked.
* **erase** is to take a person out of every table and file that is there.
* **block** is to keep a person out who was erased and is delivered again: by a keyed token, never by a name.

A *request* is the wish itself, until it is carried out.
"""
