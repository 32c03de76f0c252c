"""Words too common to tell documents apart, by language, without accents."""


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


ITALIAN = words(
    """
    a ad ai al alla alle allo agli all anche ancora avere aveva avevano avuto
    c che chi ci cio cioe co coi col coll come con contro cosa cosi cui
    d da dagli dai dal dall dalla dalle dallo degli dei del dell della delle dello di dove dunque
    e ecco ed era erano essa esse essere essi esso ebbe
    fa fra fu furono
    gia gli
    ha hai hanno ho
    i il in invece io
    l la le lei li lo loro lui
    ma me mi mia mie miei mio molto
    n ne negli nei nel nell nella nelle nello noi nostra nostre nostri nostro non
    o od ogni oppure
    per perche pero piu poi puo
    qual quale quali quando quanta quante quanti quanto quel quell quella quelle quelli quello questa queste questi
    questo qui quindi
    s se sei senza si sia siano siete sono sta stai stanno sto su sua sue sugli sui sul sull sulla sulle sullo suo suoi
    t ti tra tu tua tue tuo tuoi tutto tutti
    un una uno
    v va vi voi vostra vostre vostri vostro
    """
)

ENGLISH = words(
    """
    a about all also am an and any are as at
    be been being but by
    can could
    d did do does doing done
    each else
    for from
    had has have having he her here hers him his how
    i if in into is it its
    just
    ll
    m me more most my
    no nor not
    of on only or other our ours out over own
    re
    s same she should so some such
    t than that the their theirs them then there these they this those to too
    until up us
    ve very
    was we were what when where which while who whom why will with would
    you your yours
    """
)
